/**
 * A process that connects with the engine openssh, reports it, and runs until it is killed. Arguments: the request as
 * JSON.
 */
import { silentLogger } from "../../src/base/log.ts";
import { OpenSshEngine } from "../../src/engine/openssh/openSshEngine.ts";
import { testHostConfig } from "../support/hostConfigs.ts";

const { config, linger } = JSON.parse(process.argv[2] ?? "");
const unused = (): never => {
  throw new Error("nobody is asked");
};
const engine = new OpenSshEngine({ configFile: () => "none" });
const connection = await engine.connect(
  {
    config: testHostConfig(config),
    tcpKeepAlive: true,
    linger,
    verifier: { preferredAlgorithms: async () => [], verify: async () => {} },
    authenticator: { next: unused, succeeded: unused, failed: unused, tried: unused, problems: unused },
    logger: silentLogger,
  },
  new AbortController().signal,
);
process.stdout.write(`${connection.info.authMethod}\n`);
setInterval(() => {}, 1000);
