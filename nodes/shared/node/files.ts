/** Files that come with input items and go out with output items. */
import type { IBinaryData, IBinaryKeyData, IExecuteFunctions } from 'n8n-workflow';

import type { Outcome } from '../identity/outcome';
import type { InputFile, KeptFile, NewFile } from './operation';

export class Files {
	private readonly attached = new WeakMap<Outcome, IBinaryKeyData>();

	constructor(private readonly context: IExecuteFunctions) {}

	/** The file in a binary field of an input item; undefined when the item has none there. */
	of(index: number, field: string): InputFile | undefined {
		const { helpers } = this.context;
		let data: IBinaryData;
		try {
			data = helpers.assertBinaryData(index, field);
		} catch {
			return undefined;
		}
		const { id, fileName } = data;
		return {
			fileName,
			// n8n keeps a file on disk, or in the item itself when it is set up so.
			open: async () => (id ? await helpers.getBinaryStream(id) : inOne(await helpers.getBinaryDataBuffer(index, field))),
		};
	}

	/** Hands a file to n8n, which keeps it where it keeps all of them. */
	async keep({ content, fileName, mimeType }: NewFile): Promise<KeptFile> {
		return { data: await this.context.helpers.prepareBinaryData(content, fileName, mimeType) };
	}

	attach(outcome: Outcome, field: string, file: KeptFile): void {
		this.attached.set(outcome, { ...this.attached.get(outcome), [field]: file.data });
	}

	/** The files of an outcome's item, as a part of the item. */
	ofOutcome(outcome: Outcome): { binary?: IBinaryKeyData } {
		const binary = this.attached.get(outcome);
		return binary ? { binary } : {};
	}
}

async function* inOne(content: Uint8Array): AsyncGenerator<Uint8Array> {
	const piece = 65_536;
	for (let from = 0; from < content.length; from += piece) yield content.subarray(from, from + piece);
}
