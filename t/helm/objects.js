// Reads YAML from standard input and holds every object in it against the OpenAPI schema of the Kubernetes API, or of
// the operator that it is for. Prints {"objects": [...], "errors": ["Kind/name: what is wrong", ...]}.
// NODE_PATH names the folder that has kubernetes-models.
const { readFileSync } = require("fs");
const { join } = require("path");
const { parseAllDocuments } = require("yaml");

const packages = {
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
  "keda.sh": "@kubernetes-models/keda",
  "cert-manager.io": "@kubernetes-models/cert-manager",
};
const capital = (text) => text[0].toUpperCase() + text.slice(1);

// The validating function of a kind, which gathers all errors in its property `errors`.
function schemaOf({ apiVersion, kind }) {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const name = packages[group] ?? "kubernetes-models";
  const model = require(`${name}/${apiVersion}/${kind}`);
  const schema =
    Object.keys(model).find((key) => key.startsWith("Io")) ??
    [...group.split(/[.-]/), version, kind].map(capital).join("");
  return require(join(process.env.NODE_PATH, name, "_schemas", schema)).validate;
}

// The schemas allow fields that they do not know, and the API server drops those: so a misspelt one would do nothing.
// A field that the validating function never looks at, in an object of which it looks at some, is such a one.
function spy(value, path, looks) {
  if (value === null || typeof value !== "object") return value;
  const seen = new Set();
  looks.push({ value, path, seen });
  const children = new Map();
  return new Proxy(value, {
    get(target, key) {
      if (typeof key !== "string") return target[key];
      seen.add(key);
      if (!children.has(key)) children.set(key, spy(target[key], `${path}/${key}`, looks));
      return children.get(key);
    },
  });
}

function errorsOf(object) {
  const looks = [];
  const validate = schemaOf(object);
  const errors = validate(spy(object, "", looks))
    ? []
    : validate.errors.map((error) => `${error.instancePath}: ${error.keyword} ${JSON.stringify(error.params)}`);
  for (const { value, path, seen } of looks) {
    if (Array.isArray(value) || seen.size === 0) continue;
    for (const key of Object.keys(value)) if (!seen.has(key)) errors.push(`${path} must not have "${key}"`);
  }
  return errors;
}

const objects = [];
const errors = [];
for (const document of parseAllDocuments(readFileSync(0, "utf8"))) {
  errors.push(...document.errors.map(String));
  const object = document.toJS();
  if (object === null) continue;
  objects.push(object);
  const title = `${object.kind}/${object.metadata?.name}`;
  try {
    errors.push(...errorsOf(object).map((error) => `${title}: ${error}`));
  } catch (error) {
    errors.push(`${title}: ${String(error).split("\n")[0]}`);
  }
}
process.stdout.write(JSON.stringify({ objects, errors }));
