import type { Time } from '../../../nodes/shared/http/time';

/** A time that jumps to whoever is to wake next, as soon as nobody has anything else to do: minutes pass in moments. */
export class VirtualTime implements Time {
	private sleepers: Array<{ due: number; wake: () => void }> = [];
	private isDriven = false;

	constructor(private at = Date.UTC(2026, 0, 1, 12, 0, 0)) {}

	now(): number {
		return this.at;
	}

	async sleep(ms: number): Promise<void> {
		await new Promise<void>((wake) => {
			this.sleepers.push({ due: this.at + Math.max(0, ms), wake });
			this.drive();
		});
	}

	private drive(): void {
		if (this.isDriven) return;
		this.isDriven = true;
		const turn = () => {
			this.sleepers.sort((a, b) => a.due - b.due);
			const next = this.sleepers.shift();
			if (next === undefined) {
				this.isDriven = false;
				return;
			}
			this.at = Math.max(this.at, next.due);
			next.wake();
			// Twice: what a wake sets going may itself take a turn before it sleeps again.
			setImmediate(() => setImmediate(turn));
		};
		setImmediate(() => setImmediate(turn));
	}
}
