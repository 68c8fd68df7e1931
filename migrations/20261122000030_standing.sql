-- Where each part is by its record, as lists of thousands of parts say it: kept so that a recall's list need not read every report of
-- every part. Derived, and true only as long as what it rests on is as it was; else it is made anew when it is asked for.
-- `threadmark audit` compares what is true by that, `threadmark rebuild` drops it.
create table standing (
    part     text   primary key check (octet_length(part) <= 100),
    -- life::STANDING_FORM of the program that made it.
    form     int    not null,
    -- The part, its build and its order, with their versions.
    needs    text[]   not null,
    versions bigint[] not null,
    -- What it shares with others: subjects of which each version counts, and such of which only the edges above them count. Versions
    -- are raised and edges added, never less, so one sum tells whether any of it has changed. Parts of one licence share all of it, and it
    -- is looked at once for all of them.
    shared   text[]   not null,
    by_edges text[]   not null,
    stamp    bigint   not null,
    standing text     not null check (octet_length(standing) <= 4096),
    check (cardinality(needs) = cardinality(versions))
);
