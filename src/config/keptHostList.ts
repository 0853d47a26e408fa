import type { ConfigEnvironment } from "./configEnvironment.ts";
import type { ConfigFiles } from "./configFiles.ts";
import type { HostSettings } from "./configPorts.ts";
import { type HostList, listHosts } from "./hostList.ts";

/** The last list, and what it was made from. */
interface Kept {
  readonly configFile: string;
  readonly settings: readonly HostSettings[];
  readonly list: HostList;
}

/** Lists the hosts: the same list again if no file, no folder, and neither the path nor the settings have changed. */
export class KeptHostList {
  readonly #environment: ConfigEnvironment;
  readonly #files: ConfigFiles;
  #kept: Kept | undefined;

  constructor(environment: ConfigEnvironment, files: ConfigFiles) {
    this.#environment = environment;
    this.#files = files;
  }

  /** @param settings the same array if they have not changed. */
  async list(configFile: string, settings: readonly HostSettings[]): Promise<HostList> {
    const kept = this.#kept;
    if (
      kept?.configFile === configFile &&
      kept.settings === settings &&
      (await this.#files.areUnchanged(kept.list.dependencies))
    ) {
      return kept.list;
    }
    const list = await listHosts(configFile, settings, this.#environment, this.#files);
    this.#kept = { configFile, settings, list };
    return list;
  }
}
