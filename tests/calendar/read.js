// Prints the events of the calendar on standard input as JSON, read by ical.js.
const fs = require("node:fs");
const imported = require("ical.js");
const ICAL = imported.default ?? imported;

const calendar = new ICAL.Component(ICAL.parse(fs.readFileSync(0, "utf8")));
const value = (component, name) => component.getFirstPropertyValue(name);
const events = calendar.getAllSubcomponents("vevent").map((component) => {
  const event = new ICAL.Event(component);
  return {
    uid: event.uid,
    sequence: value(component, "sequence"),
    modified: value(component, "last-modified").toString(),
    is_all_day: event.startDate.isDate && event.endDate.isDate,
    start: event.startDate.toString(),
    end: event.endDate.toString(),
    summary: event.summary,
    description: event.description,
  };
});
const name = value(calendar, "x-wr-calname");
console.log(JSON.stringify({ name, refresh: value(calendar, "refresh-interval").toString(), events }));
