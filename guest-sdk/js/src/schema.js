// Parameters: by a JSON Schema, or by a library that speaks Standard Schema.

import { Failure } from "./end.js";

const DRAFT = "https://json-schema.org/draft/2020-12/schema";

/** The schema of the manifest. */
export function schemaOf(parameters = {}) {
  const standard = parameters["~standard"];
  if (standard === undefined) return { $schema: DRAFT, type: "object", ...parameters };
  const schema = standard.jsonSchema?.input?.({ target: "draft-2020-12" });
  if (schema === undefined) {
    throw new TypeError(
      `the schema library ${standard.vendor} makes no JSON Schema ("~standard".jsonSchema); take a version of it that does, or write the parameters as a JSON Schema`,
    );
  }
  return { $schema: DRAFT, ...schema };
}

/** The parameters that a job gets: with the defaults of the schema, or as the library reads them. */
export async function readParameters(parameters = {}, given) {
  const standard = parameters["~standard"];
  if (standard === undefined) return withDefaults(parameters, given);
  const result = await standard.validate(given);
  if (result.issues === undefined) return result.value;
  const [first] = result.issues;
  const path = (first.path ?? []).map((part) => (typeof part === "object" ? part.key : part)).join(".");
  throw new Failure("InvalidParameters", `parameters${path ? ` at \`${path}\`` : ""}: ${first.message}`);
}

/** The value with what the schema says of members that are left out. */
function withDefaults(schema, value) {
  if (typeof schema !== "object" || schema === null) return value;
  if (value === undefined) return schema.default === undefined ? undefined : structured(schema.default);
  if (Array.isArray(value)) return schema.items ? value.map((item) => withDefaults(schema.items, item)) : value;
  if (typeof value !== "object" || value === null) return value;
  const whole = { ...value };
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const member = withDefaults(inner, Object.hasOwn(value, name) ? value[name] : undefined);
    if (member !== undefined) whole[name] = member;
  }
  return whole;
}

/** A copy, so that a job that changes its parameters does not change its schema. */
function structured(value) {
  if (Array.isArray(value)) return value.map(structured);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, structured(part)]));
}
