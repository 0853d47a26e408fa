/**
 * `npm run test:regress [-- --include | --openssh NAME… --seconds N]`: scripts of OpenSSH's own regress suite, whose
 * `ssh` uses our connections: by our wrapper (with `--openssh` on a master of the engine openssh), or with `--include`
 * plain `ssh` by the line of its ssh_config, from a keeper without a window. Without a name: those that must pass.
 */
import { parseArgs } from "node:util";
import { ensureSshTools } from "../setup/sshTools.ts";
import { RegressSuite } from "./regressSuite.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    include: { type: "boolean", default: false },
    openssh: { type: "boolean", default: false },
    seconds: { type: "string", default: "240" },
  },
});
const scripts = positionals.length > 0 ? positionals : ["multiplex", "exit-status", "transfer", "yes-head"];

await ensureSshTools();
let failed = 0;
for (const script of scripts) {
  const suite = await RegressSuite.start(values.include ? "include" : values.openssh ? "openssh" : "wrapper");
  const started = performance.now();
  const { passed, hung, output, ours, real } = await suite.run(script, Number(values.seconds));
  const seconds = Math.round((performance.now() - started) / 1000);
  await suite[Symbol.asyncDispose]();
  const result = passed
    ? /^SKIPPED|^skipped/m.test(output)
      ? "skipped"
      : "passed"
    : hung
      ? "too slow"
      : "failed";
  console.log(
    `${script.padEnd(22)}${result.padEnd(9)}${seconds} s, ssh over our connection ${ours.length} times, without it ${real.length} times`,
  );
  if (!passed) {
    failed++;
    // Without the suite's debug output, of which there are megabytes.
    const said = output.split("\n").filter((line) => line !== "" && !/^(debug|Executing)/.test(line));
    console.log(
      `${said
        .slice(-12)
        .map((line) => `    ${line.slice(0, 200)}`)
        .join("\n")}`,
    );
  }
}
process.exit(failed === 0 ? 0 : 1);
