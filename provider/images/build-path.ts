/** $PATH with where mkfs, sfdisk and debugfs are, which is not on an ordinary user's. */
export const pathWithSbin = (): string => `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
