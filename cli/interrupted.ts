import { ExitCode, UserError } from "../lib/errors";

/** What a command ends with when the user has stopped it. @param rest how things are now */
export const interrupted = (rest: string) => new UserError(`interrupted; ${rest}`, undefined, ExitCode.Interrupted);
