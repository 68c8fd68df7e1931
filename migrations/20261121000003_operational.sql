-- Operational tables: no answer depends on them, and no replay makes them.

-- Who writes. A new writer raises the fence; an older one's commit no longer finds its own.
create table lease (
    only_row boolean primary key default true check (only_row),
    holder   text   not null,
    fence    bigint not null check (fence >= 1)
);

-- Session assertions that were used: each opens one session.
create table used_assertion (
    jti        text   primary key check (octet_length(jti) <= 100),
    expires_at bigint not null
);
create index used_assertion_expiry on used_assertion (expires_at);
