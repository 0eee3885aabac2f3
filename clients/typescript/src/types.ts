/** Types of requests and answers, by their names in the server's description. */

import type { components, operations, paths } from "./schema.js";

export type Schemas = components["schemas"];

export type Job = Schemas["SubmitBody"];
export type JobFilters = Query<operations["listJobs"]>;
export type LogFilters = Query<operations["jobLogs"]>;

export type Method = "get" | "put" | "post" | "patch" | "delete";

/** Addresses that take a method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends { [K in M]: object } ? P : never;
}[keyof paths];

export type OperationOf<P extends keyof paths, M extends Method> = paths[P] extends { [K in M]: infer O } ? O : never;

export type Query<O> = O extends { parameters: { query?: infer Q } } ? Exclude<Q, undefined> : never;

/** What stands in an address, without tenant and project: those are the client's. */
export type InPath<O> = O extends { parameters: { path: infer P } } ? Omit<P, "tenantId" | "projectId"> : object;

export type BodyOf<O> = O extends { requestBody?: { content: { "application/json": infer B } } } ? B : never;

type Success<R> = R extends { 200: infer A } ? A : R extends { 201: infer A } ? A : R extends { 202: infer A } ? A : undefined;

/** The document that answers. */
export type AnswerOf<O> = O extends { responses: infer R }
  ? Success<R> extends { content: { "application/json": infer A } }
    ? A
    : undefined
  : never;
