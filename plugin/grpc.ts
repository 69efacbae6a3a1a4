import { Metadata, status, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { messageOf, UserError } from "../lib/errors";
import { HalfMade } from "./resource";
import { toStruct } from "./values";

/** What the user sees of an error: an error that can be acted on comes with what to do. */
export function explain(error: unknown): string {
  return error instanceof UserError && error.hint !== undefined
    ? `${error.message}\n  ${error.hint}`
    : messageOf(error);
}

/** The ways in which the engine and a plugin agree on a failure; everything else is `UNKNOWN` with a message. */
export function grpcError(error: unknown): { code: number; details: string; metadata?: Metadata } {
  const details = explain(error);
  if (!(error instanceof HalfMade)) return { code: status.UNKNOWN, details };
  const failed = new ErrorResourceInitFailed()
    .setId(error.id)
    .setProperties(toStruct(error.properties))
    .setReasonsList([...error.reasons]);
  const any = new Any();
  any.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const grpcStatus = new Status();
  grpcStatus.setCode(status.UNKNOWN);
  grpcStatus.setMessage(details);
  grpcStatus.addDetails(any);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(grpcStatus.serializeBinary()));
  return { code: status.UNKNOWN, details, metadata };
}

/** A handler of one call, as a function from request to response that may throw. */
export function unary<Q, R>(handle: (request: Q) => R | Promise<R>) {
  return (call: ServerUnaryCall<Q, R>, callback: sendUnaryData<R>): void => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(grpcError(error));
        },
      );
  };
}
