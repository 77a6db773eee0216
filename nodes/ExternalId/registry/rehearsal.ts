import type { Registry } from './registry';
import type { Reads } from './store';
import { Unit } from './unit';

const NOTHING = { configurations: [], mappings: [], records: [], emails: [], domains: [], inbox: [], settings: [], people: [], undone: [], runs: [], checkpoints: [], erased: [] };

/**
 * Does the steps of a run without writing: each step sees what the steps before it would have written. For that it keeps the
 * rows that it saw, so what is rehearsed has to be bounded.
 */
export class Rehearsal {
	private readonly unit = new Unit(NOTHING, Date.now());

	constructor(private readonly registry: Registry) {}

	async step<T>(reads: Reads, decide: (unit: Unit) => T): Promise<T> {
		this.unit.learn(await this.registry.store.read(this.registry.workspace, reads));
		return decide(this.unit);
	}
}
