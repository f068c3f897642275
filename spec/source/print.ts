const WIDTH = 120;

/** JSON text with short values on one line: the same bytes each time, and what the formatter leaves alone. */
export function print(value: unknown): string {
  return `${printAt(value, 0, 0)}\n`;
}

/** @param used what already stands on the line, without its indent, and what must follow */
function printAt(value: unknown, indent: number, used: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const line = oneLine(value);
  if (indent + used + line.length + 1 <= WIDTH && !mustBreak(value)) return line;
  const pad = " ".repeat(indent + 2);
  const inner = Array.isArray(value)
    ? value.map((item) => pad + printAt(item, indent + 2, 0))
    : Object.entries(value).map(([name, member]) => {
        const key = `${JSON.stringify(name)}: `;
        return pad + key + printAt(member, indent + 2, key.length);
      });
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${inner.join(",\n")}\n${" ".repeat(indent)}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${oneLine(member)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/** Several objects in one array stand on lines of their own, as the formatter has them: where each has several members. */
function mustBreak(value: object): boolean {
  const items: readonly unknown[] = Object.values(value);
  if (Array.isArray(value) && items.length > 1 && items.every(hasSeveral)) return true;
  return items.some((item) => typeof item === "object" && item !== null && mustBreak(item));
}

function hasSeveral(item: unknown): boolean {
  return typeof item === "object" && item !== null && Object.keys(item).length > 1;
}
