import { isObject, type Json, type JsonObject } from "../api/exact";

export type Schema = JsonObject;

/** What a schema asks for, as far as a form has a control for it; all else is entered as JSON. */
export type Shape =
  | { kind: "text" | "long"; max?: number }
  | { kind: "number"; whole: boolean; min?: number; max?: number }
  | { kind: "flag" }
  | { kind: "choice"; words: { value: Json; label: string }[] }
  | { kind: "words" }
  | { kind: "many"; words: { value: Json; label: string }[] }
  | { kind: "object"; fields: [string, Schema][]; required: string[] }
  | { kind: "json" };

/** Follows references within the schema, and takes away the choice of `null`. */
export function resolved(schema: Schema, root: Schema, depth = 0): Schema {
  if (depth > 8) return schema;
  const reference = schema["$ref"];
  if (typeof reference === "string" && reference.startsWith("#/")) {
    const target = reference.slice(2).split("/").reduce<Json | undefined>((at, part) => (isObject(at) ? at[part.replace(/~1/g, "/").replace(/~0/g, "~")] : undefined), root);
    const { $ref: _, ...own } = schema;
    return isObject(target) ? resolved({ ...target, ...own }, root, depth + 1) : schema;
  }
  for (const word of ["anyOf", "oneOf", "allOf"]) {
    const parts = schema[word];
    if (!Array.isArray(parts)) continue;
    const others = parts.filter(isObject).filter((part) => part["type"] !== "null");
    if (others.length === 1) {
      const { [word]: _, ...own } = schema;
      return resolved({ ...others[0]!, ...own }, root, depth + 1);
    }
  }
  return schema;
}

export function typeOf(schema: Schema): string | undefined {
  const type = schema["type"];
  if (typeof type === "string") return type;
  const others = Array.isArray(type) ? type.filter((type) => type !== "null") : [];
  return others.length === 1 ? String(others[0]) : undefined;
}

/** The values of a choice: of `enum`, of `const`, or of several schemas that are such. */
function words(schema: Schema, root: Schema): { value: Json; label: string }[] | null {
  const listed = schema["enum"];
  const text = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));
  if (Array.isArray(listed)) return listed.filter((value) => value !== null).map((value) => ({ value, label: text(value) }));
  if ("const" in schema) return [{ value: schema["const"]!, label: text(schema["const"]!) }];
  const parts = schema["oneOf"] ?? schema["anyOf"];
  if (!Array.isArray(parts)) return null;
  const all = parts.filter(isObject).map((part) => words(resolved(part, root), root));
  return all.length > 0 && all.every((part) => part !== null) ? all.flat() : null;
}

export function shapeOf(given: Schema, root: Schema, depth = 0): Shape {
  const schema = resolved(given, root);
  const choice = words(schema, root);
  if (choice && choice.length > 0) return { kind: "choice", words: choice };
  const number = (name: string) => (typeof schema[name] === "number" ? (schema[name] as number) : undefined);
  switch (typeOf(schema)) {
    case "string":
      return { kind: (number("maxLength") ?? 0) > 500 ? "long" : "text", max: number("maxLength") };
    case "integer":
    case "number":
      return { kind: "number", whole: typeOf(schema) === "integer", min: number("minimum"), max: number("maximum") };
    case "boolean":
      return { kind: "flag" };
    case "array": {
      const items = isObject(schema["items"]) ? shapeOf(schema["items"], root, depth + 1) : null;
      if (items?.kind === "text" || items?.kind === "long") return { kind: "words" };
      return items?.kind === "choice" ? { kind: "many", words: items.words } : { kind: "json" };
    }
    case "object": {
      const fields = isObject(schema["properties"]) ? Object.entries(schema["properties"]).filter((field): field is [string, Schema] => isObject(field[1])) : [];
      const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
      return fields.length > 0 && depth < 3 ? { kind: "object", fields, required } : { kind: "json" };
    }
    default:
      return { kind: "json" };
  }
}

export function step(pointer: string, name: string): string {
  return `${pointer}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`;
}
