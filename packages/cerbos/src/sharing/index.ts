/** Which questions share a request? */

export { SHARING, type SharingOptions, shareIn, shareRequests } from "./share-requests.ts";
