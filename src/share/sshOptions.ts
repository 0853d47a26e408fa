/**
 * The function `parse` of a shell script: it reads options as ssh.c does, sets `user`, `port`, `config`, `target` (of
 * `-W`), `forwards` (the options of forwards, in lines), `given` (the letters of the others, `=` for SetEnv, `+` for an
 * option that a stream to `target` can't have) and OPTIND, and fails for an option that changes how or as which user
 * `ssh` connects, or that an existing connection can't serve.
 * @param further the letters of options that can be served besides those that are listed here.
 */
export function parseFunction(further: readonly string[] = []): string {
  const letters = ["a", "E", "e", "g", "N", "n", "q", "s", "T", "t", "v", "x", "y", ...further];
  return `add_forward() {
  forwards="$forwards$1
"
}
parse() {
  OPTIND=1
  while getopts ':aD:e:gL:l:Nno:p:qR:sTtvxy1246AB:b:CE:c:F:fGI:i:J:KkMm:O:P:Q:S:VW:w:XY' option "$@"; do
    given=$given$option
    case $option in
      ${letters.join("|")}) ;;
      l) [ -n "$user" ] || user=$OPTARG ;;
      p) [ -n "$port" ] || port=$OPTARG ;;
      L|R|D) add_forward "-$option$OPTARG" ;;
      F) config=$OPTARG ;;
      W) target=$OPTARG ;;
      o)
        value=\${OPTARG#*[= ]}
        case \${OPTARG%%[= ]*} in
          SetEnv) given=$given= ;;
          SendEnv|LogLevel|RequestTTY|EscapeChar) ;;
          SessionType)
            given=$given+
            [ "$value" != none ] || given=\${given}N
            ;;
          StdinNull|RemoteCommand) given=$given+ ;;
          [Bb]atch[Mm]ode|ConnectTimeout|ConnectionAttempts|NumberOfPasswordPrompts) ;;
          ServerAliveInterval|ServerAliveCountMax|TCPKeepAlive) ;;
          LocalForward|RemoteForward|DynamicForward) add_forward "-o$OPTARG" ;;
          ExitOnForwardFailure|ClearAllForwardings) ;;
          ForwardX11|ForwardAgent|PermitLocalCommand|ControlMaster) [ "$value" = no ] || return 1 ;;
          Port) [ -n "$port" ] || port=$value ;;
          User) [ -n "$user" ] || user=$value ;;
          *) return 1 ;;
        esac
        ;;
      *) return 1 ;;
    esac
  done
  return 0
}
`;
}
