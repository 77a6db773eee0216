/** See freeMail.js. */
export function writeFreeMailList(outFile: string, options?: { today?: string }): Promise<{ changed: boolean; count: number }>;
