/** A chart with lines: what a subject of the bench may draw beside its figures. */
export interface LineChart {
  /** Name of the file, without its ending. */
  readonly name: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  /** Powers of ten at equal distances; `from` must be above zero. */
  readonly logarithmic?: boolean;
}

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const width = 720;
const height = 420;
const frame = { left: 70, right: 190, top: 40, bottom: 50 };
const colours = ["#1b6ca8", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0f766e", "#a16207"];
const ticks = 5;

/** The chart as SVG. Points outside the axes are drawn at the edge. */
export function drawLineChart({ title, x, y, lines }: LineChart): string {
  const across = scale(x, frame.left, width - frame.right);
  const up = scale(y, height - frame.bottom, frame.top);
  const body = [
    text(frame.left, 24, title, "start", 15),
    ...ticksOf(x).map((value) => verticalTick(across(value), value)),
    ...ticksOf(y).map((value) => horizontalTick(up(value), value)),
    text((frame.left + width - frame.right) / 2, height - 12, x.label, "middle"),
    `<text transform="translate(18 ${height / 2}) rotate(-90)" text-anchor="middle">${escapeXml(y.label)}</text>`,
    ...lines.flatMap(({ name, points }, index) => {
      const path = points.map(([px, py]) => `${round(across(px))},${round(up(py))}`).join(" ");
      return [
        `<polyline fill="none" stroke="${colour(index)}" stroke-width="2" points="${path}"/>`,
        legend(name, index),
      ];
    }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...body,
    "</svg>\n",
  ].join("\n");
}

const colour = (index: number): string => colours[index % colours.length]!;
const round = (value: number): string => value.toFixed(1);

function scale({ from, to, logarithmic = false }: Axis, start: number, end: number) {
  const place = (value: number) => (logarithmic ? Math.log10(value) : value);
  const low = place(from);
  const span = place(to) - low;
  return (value: number) => {
    const inside = Math.min(Math.max(value, Math.min(from, to)), Math.max(from, to));
    return start + ((place(inside) - low) / span) * (end - start);
  };
}

function ticksOf({ from, to, logarithmic = false }: Axis): number[] {
  if (!logarithmic) return Array.from({ length: ticks + 1 }, (_, i) => from + ((to - from) * i) / ticks);
  const [low, high] = [Math.ceil(Math.log10(from)), Math.floor(Math.log10(to))];
  const step = Math.ceil((high - low) / ticks) || 1;
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => 10 ** (low + i * step));
}

function verticalTick(at: number, value: number): string {
  return `${rule(at, frame.top, at, height - frame.bottom)}${text(at, height - frame.bottom + 18, label(value), "middle")}`;
}

function horizontalTick(at: number, value: number): string {
  return `${rule(frame.left, at, width - frame.right, at)}${text(frame.left - 8, at + 4, label(value), "end")}`;
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#ddd"/>`;
}

function legend(name: string, index: number): string {
  const left = width - frame.right + 14;
  const at = frame.top + 14 + index * 20;
  return `<rect x="${left}" y="${at - 8}" width="14" height="4" fill="${colour(index)}"/>${text(left + 20, at - 2, name)}`;
}

function text(x: number, y: number, content: string, anchor = "start", size = 12): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}">${escapeXml(content)}</text>`;
}

function label(value: number): string {
  if (value === 0) return "0";
  return Math.abs(value) < 0.001 || Math.abs(value) >= 1e6
    ? value.toExponential(0)
    : String(Number(value.toPrecision(3)));
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
