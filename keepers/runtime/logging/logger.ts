import { type DestinationStream, destination, type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { redactFields, withoutCredentials } from "./redaction.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
export type LogFormat = "auto" | "json" | "pretty";

export interface LoggerOptions {
  /** Who logs: role or program. */
  readonly name: string;
  readonly level?: LogLevel;
  /** "auto" is pretty on a terminal and JSON elsewhere. */
  readonly format?: LogFormat;
  /** Where lines go; standard error when absent, so that standard output stays for results. */
  readonly stream?: DestinationStream;
}

/**
 * One JSON object a line. Fields named like secrets are blanked, users' data is hashed, at any depth and in children too.
 * Messages are written by us and hold no values.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    name: options.name,
    level: options.level ?? "info",
    formatters: {
      level: (label: string) => ({ level: label }),
      log: redactFields,
    },
    hooks: { streamWrite: withoutCredentials },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const logger = pino(settings, streamOf(options));
  // pino formats what is logged, but takes a child's own fields as they are.
  const child: (this: Logger, fields: object, childOptions?: object) => unknown = logger.child;
  logger.child = function redactedChild(this: Logger, fields: object, childOptions?: object) {
    return child.call(this, redactFields(fields), childOptions);
  } as unknown as typeof logger.child;
  return logger;
}

const STANDARD_ERROR = 2;

function streamOf(options: LoggerOptions): DestinationStream {
  // Written at once: the last line before a crash is the one that counts.
  const stream = options.stream ?? destination({ dest: STANDARD_ERROR, sync: true });
  const format = options.format ?? "auto";
  const isTerminal = options.stream === undefined && process.stderr.isTTY === true;
  if (format === "json" || (format === "auto" && !isTerminal)) return stream;
  const print = prettyFactory({
    colorize: isTerminal,
    ignore: "pid,hostname",
    translateTime: "SYS:HH:MM:ss.l",
  });
  return { write: (line) => void stream.write(print(line)) };
}
