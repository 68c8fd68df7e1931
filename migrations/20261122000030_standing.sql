-- Where each part is by its record, as lists of thousands of parts say it: kept so that a recall's list need not read every report of
-- every part. Derived, and true only as long as what it rests on has the versions that are noted with it; else it is made anew when it is
-- asked for. `threadmark audit` compares what is true by that, `threadmark rebuild` drops it.
create table standing (
    part     text   primary key check (octet_length(part) <= 100),
    -- life::STANDING_FORM of the program that made it.
    form     int    not null,
    -- Sum of the versions of keys, organisations, policies and proposals: raised by each change of one.
    general  bigint not null,
    -- The other subjects that it rests on, with their versions.
    needs    text[]   not null,
    versions bigint[] not null,
    standing text   not null check (octet_length(standing) <= 4096),
    check (cardinality(needs) = cardinality(versions))
);
