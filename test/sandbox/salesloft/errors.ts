import type { Answer } from '../answer';

/** Complaints by field, as a 422 gives them. */
export type Complaints = Record<string, string[]>;

export const NOT_FOUND: Answer = { status: 404, body: { error: 'Not Found', status: 404 } };
export const NO_BEARER: Answer = {
	status: 401,
	body: { error: 'No Bearer Token attached to request, please see documentation at developers.salesloft.com' },
};
export const BAD_BEARER: Answer = { status: 401, body: { error: 'Invalid Bearer Token' } };
export const TOO_MANY = { error: 'API rate limit exceeded' };
export const SERVER_ERROR: Answer = { status: 500, body: { error: 'Internal Server Error' } };
export const ERROR_IN_200: Answer = { status: 200, body: { error: 'Something went wrong, please try again' } };
export const MALFORMED_BODY: Answer = { status: 400, body: { error: 'There was a problem in the JSON you submitted' } };
export const TOO_LONG: Answer = {
	status: 414,
	headers: { 'content-type': 'text/html' },
	body: '<html><head><title>414 Request-URI Too Large</title></head><body><center><h1>414 Request-URI Too Large</h1></center></body></html>',
};

export const forbidden = (scope: string): Answer => ({ status: 403, body: { error: `Forbidden: the scope ${scope} is required` } });
export const refused = (errors: Complaints): Answer => ({ status: 422, body: { errors } });
export const gone = (): Answer => ({ status: 204 });

export function complain(complaints: Complaints, field: string, message: string): void {
	(complaints[field] ??= []).push(message);
}

export const isEmpty = (complaints: Complaints): boolean => Object.keys(complaints).length === 0;
