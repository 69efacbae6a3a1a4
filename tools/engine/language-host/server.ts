import { Server, type ServerWritableStream } from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { unary } from "../../../plugin/grpc";
import { fromStruct } from "../../../plugin/values";
import { engineVersion } from "../../../lib/engine-env";
import { installedDependencies } from "./dependencies";
import { runProgram, signalPrograms, type ProgramEnd, type ProgramRun } from "./run";

function programRun(request: messages.RunRequest, engineAddress: string): ProgramRun {
  const info = request.getInfo();
  return {
    engineAddress,
    monitorAddress: request.getMonitorAddress(),
    organization: request.getOrganization(),
    project: request.getProject(),
    stack: request.getStack(),
    rootDirectory: info?.getRootDirectory() ?? "",
    programDirectory: info?.getProgramDirectory() || request.getPwd(),
    entryPoint: info?.getEntryPoint() || request.getProgram(),
    arguments: request.getArgsList(),
    dryRun: request.getDryrun(),
    parallel: request.getParallel(),
    config: Object.fromEntries(request.getConfigMap().toArray()),
    configSecretKeys: request.getConfigsecretkeysList(),
    options: fromStruct(info?.getOptions()),
  };
}

function runResponse(end: ProgramEnd): messages.RunResponse {
  const response = new messages.RunResponse();
  if (end.kind === "shown") response.setBail(true);
  if (end.kind === "failure") response.setError(end.message);
  return response;
}

/** `LanguageRuntime` of the engine for runtime nodejs, as far as running programs needs it. */
export function languageServer(engineAddress: string): Server {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(LanguageRuntimeService, {
    handshake: unary(() => new messages.LanguageHandshakeResponse()),
    getPluginInfo: unary(() => new PluginInfo().setVersion(engineVersion)),
    // Nothing can be downloaded where this host is used: a plugin that is missing shows when a resource needs it.
    getRequiredPlugins: unary(() => new messages.GetRequiredPluginsResponse()),
    getRequiredPackages: unary(() => new messages.GetRequiredPackagesResponse()),
    runtimeOptionsPrompts: unary(() => new messages.RuntimeOptionsResponse()),
    about: unary(() => new messages.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
    getProgramDependencies: unary((request: messages.GetProgramDependenciesRequest) =>
      new messages.GetProgramDependenciesResponse().setDependenciesList(
        installedDependencies(request.getInfo()?.getProgramDirectory() || request.getPwd()).map(({ name, version }) =>
          new messages.DependencyInfo().setName(name).setVersion(version),
        ),
      ),
    ),
    // npm ci is scripts/setup's work.
    installDependencies: (
      call: ServerWritableStream<messages.InstallDependenciesRequest, messages.InstallDependenciesResponse>,
    ) => {
      call.end();
    },
    run: unary(async (request: messages.RunRequest) =>
      runResponse(await runProgram(programRun(request, engineAddress))),
    ),
    cancel: unary(() => {
      signalPrograms("SIGINT");
      return new Empty();
    }),
  });
  return server;
}
