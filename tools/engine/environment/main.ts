/**
 * Prints, as shell code, what the engine is started with: the variables to export, and `engine`, its path.
 * scripts/pulumi evaluates it.
 */
import { engineEnvironment, prepareEngineState } from "../../../lib/engine-env";
import { kmvmHome, repositoryRoot } from "../../../lib/paths";
import { shellExports, shellWord } from "./shell";

const root = repositoryRoot();
const { command, env } = engineEnvironment(root, kmvmHome(), process.env);
prepareEngineState(root);
process.stdout.write(`${shellExports(env)}engine=${shellWord(command)}\n`);
