-- The lease runs out, by this database's clock and no other, so that of several processes one takes over when the one that
-- writes is gone; and it says where the one that writes takes what the others are sent. Who has no address shares the log with
-- nobody. Safety still rests on the fence alone: a clock that jumps moves the lease and forks nothing.
alter table lease
    add column address    text check (octet_length(address) between 1 and 200),
    add column expires_at timestamptz not null default '-infinity';
alter table lease alter column expires_at drop default;

-- Whoever has it renews it under the fence that it has. Another holder needs a higher one.
drop trigger fence_grows on lease;
create trigger fence_grows before update on lease
    for each row when (new.fence < old.fence
                       or new.fence = old.fence and (new.holder, new.address) is distinct from (old.holder, old.address))
    execute function fence_grows();

-- What nodes that do not write read of each batch to follow the index of statements. Entries come in their order, so a new line
-- goes to the end of this index.
create index mention_of_entry on mention (index);
