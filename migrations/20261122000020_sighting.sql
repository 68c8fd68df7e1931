-- What scans give away. Operational: no answer depends on it, and no replay makes it. What follows from it for a part is a
-- statement of the log (safety.suspicion_placed).

-- That a mark was scanned: the hour, whether a member asked, and a tenth of a degree of the place where the person consented. Neither
-- who nor from which address, and no more often than once an hour and place.
create table sighting (
    mark      text     not null check (octet_length(mark) = 16),
    hour      bigint   not null check (hour >= 0),
    by_member boolean  not null,
    latitude  smallint check (latitude between -900 and 900),
    longitude smallint check (longitude between -1800 and 1800),
    -- Whether the log knew the mark then.
    is_known  boolean  not null,
    check ((latitude is null) = (longitude is null)),
    unique nulls not distinct (mark, hour, by_member, latitude, longitude)
);
-- What is old is deleted; bursts of unknown marks are counted by the hour.
create index sighting_hour on sighting (hour);
create index sighting_unknown on sighting (hour, mark) where not is_known;

-- A suspicion by itself, with the form that reports it; the log names the form's SHA3-256.
create table suspicion_case (
    id        bigint generated always as identity primary key,
    kind      text   not null check (kind in ('impossible_places', 'after_the_end', 'unknown_marks')),
    -- None of a burst of marks that the log does not know.
    mark      text   check (octet_length(mark) = 16),
    opened_at bigint not null,
    -- JSON, byte for byte.
    form      text   not null check (octet_length(form) <= 65536),
    -- Whether the part is to be flagged: a member's scan is among those that show it.
    flags     bool   not null,
    -- Whom it concerns; only they read it.
    orgs      text[] not null,
    -- The statement that flags the part, once it is logged.
    statement bytea  check (octet_length(statement) = 32),
    closed_at bigint,
    check ((mark is null) = (kind = 'unknown_marks'))
);
-- One at a time, however many processes look.
create unique index suspicion_case_open on suspicion_case (kind, mark) nulls not distinct where closed_at is null;
create index suspicion_case_mark on suspicion_case (mark);
create index suspicion_case_orgs on suspicion_case using gin (orgs);
