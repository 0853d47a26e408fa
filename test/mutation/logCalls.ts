/** A plugin for Stryker: omits mutants inside a call of a logger. No test checks log lines. */
import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

const levels = new Set(["trace", "debug", "info", "warn", "error"]);

/** The parts of Babel's tree that are read; `@babel/types` is not a dependency of ours. */
interface SyntaxNode {
  readonly type: string;
  readonly expression?: SyntaxNode;
  readonly callee?: SyntaxNode;
  readonly object?: SyntaxNode;
  readonly property?: SyntaxNode;
  readonly id?: SyntaxNode;
  readonly name?: unknown;
}

/** `logger` of `logger`, `this.#logger` and `options.logger`. */
function lastName(node: SyntaxNode | undefined): unknown {
  switch (node?.type) {
    case "Identifier":
      return node.name;
    case "PrivateName":
      return lastName(node.id);
    case "MemberExpression":
    case "OptionalMemberExpression":
      return lastName(node.property);
    default:
      return undefined;
  }
}

/** The call, or the statement that consists only of it. */
function isLogCall({ type, callee, expression }: SyntaxNode): boolean {
  if (type === "ExpressionStatement") {
    return expression !== undefined && isLogCall(expression);
  }
  return (
    (type === "CallExpression" || type === "OptionalCallExpression") &&
    levels.has(String(lastName(callee))) &&
    lastName(callee?.object) === "logger"
  );
}

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, "log-calls", {
    shouldIgnore: (path: object) =>
      "node" in path && isLogCall(path.node as SyntaxNode) ? "a log line" : undefined,
  }),
];
