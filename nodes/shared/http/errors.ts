/** What concerns every call to a service, as opposed to one item. */
export type ServiceProblem =
	/** The key or token was refused. */
	| 'credential'
	/** The key may not do this. */
	| 'scope'
	/** It did not answer, or only with errors of its own, however often it was asked. */
	| 'away'
	/** Its rate limit was used up for longer than is worth waiting. */
	| 'busy'
	/** It answered something that its documents do not foresee. */
	| 'unforeseen';

/** A trouble of a whole service, in words for a builder: what happened, and what to do. */
export class ServiceError extends Error {
	constructor(
		readonly problem: ServiceProblem,
		message: string,
		/** What to do about it. */
		readonly description: string,
		/** Whether only the one call met it, so that others may be made. */
		readonly isOfOneCall = false,
	) {
		super(message);
		this.name = 'ServiceError';
	}
}

/** Thrown out of a call that was given up because the run should stop. */
export class Stopped extends Error {
	constructor() {
		super('The run was stopped');
		this.name = 'Stopped';
	}
}

/** Thrown by whoever reads an answer that cannot be what the service meant: the call is then treated as if it had no answer. */
export class Unreadable extends Error {}
