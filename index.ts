import { program } from "./stacks/program";

/** What the engine runs: see stacks/program.ts. */
export = () => program(process.env);
