-- What witnesses have said of checkpoints: one line each, as it stands under the note. Operational: no state of a subject
-- depends on it and no replay makes it, but a lost one cannot be had again, because a witness cosigns the newest tree
-- only. A witness is its public key: names may change, and count nothing.
create table cosignature (
    size    bigint not null references checkpoint (size),
    witness bytea  not null check (octet_length(witness) = 32),
    time    bigint not null check (time > 0),
    line    text   not null check (octet_length(line) between 1 and 1000 and position(E'\n' in line) = 0),
    primary key (size, witness)
);
