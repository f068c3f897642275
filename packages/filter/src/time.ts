/**
 * One moment as a text of which two can be compared: RFC 3339 in UTC, without the `Z` and without zeros at the end of its
 * fraction. As it came it could not be: `…00.5Z` sorts before `…00Z`, and `…+02:00` anywhere.
 */
export type Moment = string;

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
/**
 * RFC 3339, as texts and JSON have it; also as PostgreSQL prints it in the time zone of its session, where the offset may have
 * hours alone and changes with the season, and as Sequelize writes it into SQLite, with a blank before the offset.
 */
const IN_ROW =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(?:(Z)| ?([+-](?:0\d|1[0-4]):[0-5]\d)|([+-](?:0\d|1[0-4])))$/;

/** The moment that a policy names. */
export function momentIn(text: string): Moment | undefined {
  const [, seconds = "", fraction, zone] = RFC_3339.exec(text) ?? [];
  if (zone === undefined || !isReal(seconds)) return undefined;
  // `Date` has no more than milliseconds, and loses none: zones are of whole minutes.
  return moment(new Date(`${seconds}${zone}`), fraction);
}

/** The moment that a row has as a text. */
export function momentOf(text: string): Moment | undefined {
  const [, day, time, fraction, utc, offset, hours] = IN_ROW.exec(text) ?? [];
  const seconds = `${day}T${time}`;
  return day === undefined || !isReal(seconds)
    ? undefined
    : moment(new Date(`${seconds}${utc ?? offset ?? `${hours}:00`}`), fraction);
}

/** The moment of a `Date`. */
export function momentAt(date: Date): Moment | undefined {
  if (Number.isNaN(date.getTime())) return undefined;
  return moment(date, `.${String(date.getUTCMilliseconds()).padStart(3, "0")}`);
}

/** Whether a moment has whole milliseconds. */
export function isWholeMilliseconds(moment: Moment): boolean {
  return moment.length <= "2024-01-01T00:00:00.123".length;
}

/** The 30th of February and the hour 24 are none: a check would refuse them. */
function isReal(seconds: string): boolean {
  const date = new Date(`${seconds}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 19) === seconds;
}

/** Years have four digits, and there is no year 0. */
function moment(date: Date, fraction = ""): Moment | undefined {
  const seconds = date.toISOString().slice(0, 19);
  if (!/^\d{4}-/.test(seconds) || seconds < "0001") return undefined;
  return seconds + fraction.replace(/\.?0*$/, "");
}
