import { describe, expect, it } from "vitest";
import { operationOf } from "../protocol/index.ts";
import { createFlights, type Flights } from "./flights.ts";
import { request } from "./guard.fixture.ts";

const begin = (flights: Flights, id: string | number) => {
  const ping = request(id, "ping");
  return flights.begin(ping, operationOf(ping));
};

describe("the requests of a transport", () => {
  it("have a name of their own behind the guard, whatever ids their callers choose", () => {
    const flights = createFlights();
    const [first, second] = [begin(flights, 7), begin(flights, 7)];
    expect(first.id).not.toBe(second.id);
    expect([flights.get(first.id), flights.get(second.id)]).toEqual([first, second]);
    expect(flights.get(undefined)).toBeUndefined();
  });

  it("are found by their caller's id, a number being another one than its text", () => {
    const flights = createFlights();
    const flight = begin(flights, 7);
    expect(flights.called(7)).toBe(flight);
    expect(flights.called("7")).toBeUndefined();
  });

  it("end once: then nothing may be sent for them, and their caller may use the id again", () => {
    const flights = createFlights();
    const flight = begin(flights, 7);
    expect(flights.isOpen(flight)).toBe(true);
    expect([flights.end(flight), flights.end(flight)]).toEqual([true, false]);
    expect(flights.isOpen(flight)).toBe(false);
    expect([flights.get(flight.id), flights.called(7)]).toEqual([undefined, undefined]);
    expect(flights.called(begin(flights, 7).request.id)).toBeDefined();
  });

  it("do not end another request that has the same id by now", () => {
    const flights = createFlights();
    const [first, second] = [begin(flights, 7), begin(flights, 7)];
    flights.end(first);
    expect(flights.called(7)).toBe(second);
    expect(flights.isOpen(second)).toBe(true);
  });

  it("are known by the server's id until they end, also after their caller left, who may use the id again", () => {
    const flights = createFlights();
    const [first, second] = [begin(flights, 1), begin(flights, 2)];
    flights.end(first);
    expect(flights.all()).toEqual([second]);
    expect([flights.leave(second), flights.leave(second), flights.leave(first)]).toEqual([true, false, false]);
    expect([first.left, second.left, flights.isOpen(second)]).toEqual([false, true, false]);
    expect([flights.get(second.id), flights.called(2), flights.all()]).toEqual([second, undefined, [second]]);
    const again = begin(flights, 2);
    expect(flights.end(second)).toBe(false);
    expect([flights.all(), flights.called(2)]).toEqual([[again], again]);
  });
});
