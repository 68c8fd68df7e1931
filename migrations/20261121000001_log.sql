-- The log: one row an entry, in the order of the tree. Bodies are the bytes that were signed.
create table entry (
    index     bigint primary key check (index >= 0),
    id        bytea  not null unique check (octet_length(id) = 32),
    kid       bytea  not null check (octet_length(kid) = 32),
    seq       bigint not null check (seq >= 0),
    kind      text   not null,
    subject   text   not null,
    logged_at bigint not null,
    envelope  bytea  not null check (octet_length(envelope) between 1 and 65535),
    body      bytea  not null check (octet_length(body) between 1 and 262144)
);
-- A key's number is looked up with every submission, to find keys that exist twice.
create index entry_of_key on entry (kid, seq, index);

-- Sealed sections, each for its own audience; the entry's body names their digests.
create table sealed_section (
    index bigint not null references entry (index),
    name  text   not null check (octet_length(name) <= 40),
    bytes bytea  not null check (octet_length(bytes) <= 262144),
    primary key (index, name)
);

-- Every checkpoint that was signed. A checkpoint names the one before it, and each is the one before at most
-- one: two writers cannot both go on from the same state.
create table checkpoint (
    size          bigint primary key check (size > 0),
    previous_size bigint unique references checkpoint (size) check (previous_size < size),
    root          bytea  not null check (octet_length(root) = 32),
    note          text   not null,
    signed_at     bigint not null
);
create unique index one_first_checkpoint on checkpoint ((previous_size is null)) where previous_size is null;
