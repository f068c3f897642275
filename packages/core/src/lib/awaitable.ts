/** What is there at once, or comes later. */
export type Awaitable<T> = T | Promise<T>;
