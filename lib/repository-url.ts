/** `https://…`, `ssh://…`, `git@host:path`, `file://…`: a repository. Anything else is a directory of this host. */
export function isRepositoryUrl(text: string): boolean {
  return /^([a-z+]+:\/\/|[\w.-]+@[\w.-]+:)/i.test(text);
}

/**
 * Whether a URL brings what opens the repository: it would be in git's arguments, in files and in logs. Of ssh the user
 * is a name and no secret; of all others a token can stand there alone, `https://TOKEN@host/…`.
 */
export function bringsCredentials(url: string): boolean {
  const [, scheme = "", userInfo] = /^([a-z+]+):\/\/([^/?#]*)@/i.exec(url) ?? [];
  return userInfo !== undefined && (userInfo.includes(":") || !/\bssh\b/i.test(scheme));
}
