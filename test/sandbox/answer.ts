/** What a service answers: a body that is text is sent as it is, anything else as JSON, and none without a body. */
export interface Answer {
	status: number;
	body?: unknown;
	headers?: Record<string, string>;
}

/** The page that a load balancer gives when the service behind it is away. */
export const BAD_GATEWAY: Answer = {
	status: 502,
	headers: { 'content-type': 'text/html' },
	body: '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n',
};
