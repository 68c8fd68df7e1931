-- What members captured as EPCIS events: their unsigned word. Operational: no answer depends on it, and no replay makes it.

-- One capture job. It is written with its events in one transaction, so there is no job that waits to be done.
create table capture (
    id          text   primary key check (id ~ '^[0-9a-f]{32}$'),
    org         text   not null,
    kid         bytea  not null check (octet_length(kid) = 32),
    captured_at bigint not null,
    events      int    not null check (events >= 0),
    -- Of these, how many were not there already.
    new_events  int    not null check (new_events between 0 and events)
);

-- An event of a member. The same event of the same member is one, however often it is sent; a declaration that it was an error has
-- the same hash and stands beside it.
create table captured_event (
    id             text   not null check (octet_length(id) <= 120),
    org            text   not null,
    is_declaration bool   not null,
    capture        text   not null references capture,
    captured_at    bigint not null,
    -- The things that it names, in the form in which they are asked for.
    names          text[] not null,
    event          jsonb  not null,
    primary key (id, org, is_declaration)
);
-- Asked for by what an event names.
create index captured_event_names on captured_event using gin (names);
create index captured_event_capture on captured_event (capture);
