/** An upload, an import or a copy takes an hour perhaps: with what is older than this, and is in no version, nobody is at work. */
export const publishingMs = 24 * 3600 * 1000;
