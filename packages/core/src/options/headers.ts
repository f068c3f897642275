import { func, type Shape } from "./shapes.ts";

/** The headers of a program's own requests: a function, since what stands in them is renewed. */
export const HEADERS: Shape = func('a function that gives the headers, such as () => ({ authorization: "Bearer …" })');
