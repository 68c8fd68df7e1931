-- What strangers read of the log. Operational tables: no answer depends on them, and no replay makes them.

-- Up to which size every full tile and bundle stands in the store of files. Written after the files, so a crash
-- in between makes some of them again, with the same bytes. The audit takes a missing file below for lost, and
-- one above for not published yet. It never falls: what was published stays.
create table tiles_published (
    only_row boolean primary key default true check (only_row),
    size     bigint not null check (size >= 0 and size % 256 = 0)
);

-- Which key has read which bundle of entries, how often, and when first and last: a row for both together, so
-- that the table is bounded by keys and bundles and not by how often somebody asks.
create table bundle_reading (
    kid           bytea  not null check (octet_length(kid) = 32),
    bundle        bigint not null check (bundle >= 0),
    times         bigint not null check (times >= 1),
    first_read_at bigint not null,
    last_read_at  bigint not null,
    primary key (kid, bundle)
);
