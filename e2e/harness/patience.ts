/** So long, in milliseconds, a test waits for what has to come: on a machine that has much else to do, too. */
export const patience = 60_000;
