// Generated from PostgreSQL 18 by scripts/generate-sql-catalog.mjs. Do not edit.
export const postgresNames = `
aclcontains
acldefault
aclexplode
aclinsert
aclitemeq
aclremove
amvalidate
any_value_transfn
anyarray_send
anycompatiblearray_send
area
array_send
array_to_tsvector
binary_upgrade_add_sub_rel_state
binary_upgrade_create_empty_extension
binary_upgrade_logical_slot_has_caught_up
binary_upgrade_replorigin_advance
binary_upgrade_set_missing_value
binary_upgrade_set_next_array_pg_type_oid
binary_upgrade_set_next_heap_pg_class_oid
binary_upgrade_set_next_heap_relfilenode
binary_upgrade_set_next_index_pg_class_oid
binary_upgrade_set_next_index_relfilenode
binary_upgrade_set_next_multirange_array_pg_type_oid
binary_upgrade_set_next_multirange_pg_type_oid
binary_upgrade_set_next_pg_authid_oid
binary_upgrade_set_next_pg_enum_oid
binary_upgrade_set_next_pg_tablespace_oid
binary_upgrade_set_next_pg_type_oid
binary_upgrade_set_next_toast_pg_class_oid
binary_upgrade_set_next_toast_relfilenode
binary_upgrade_set_record_init_privs
bit_send
bittypmodin
booland_statefunc
boolor_statefunc
bound_box
box
box_above
box_above_eq
box_add
box_below
box_below_eq
box_center
box_contain
box_contain_pt
box_contained
box_distance
box_div
box_eq
box_ge
box_gt
box_intersect
box_le
box_left
box_lt
box_mul
box_overabove
box_overbelow
box_overlap
box_overleft
box_overright
box_right
box_same
box_send
box_sub
bpcharcmp
bpchartypmodin
brin_bloom_summary_send
brin_desummarize_range
brin_minmax_multi_summary_send
brin_summarize_new_values
brin_summarize_range
btboolcmp
btbpchar_pattern_cmp
btcharcmp
btequalimage
btfloat48cmp
btfloat4cmp
btfloat84cmp
btfloat8cmp
btint24cmp
btint28cmp
btint2cmp
btint42cmp
btint48cmp
btint4cmp
btint82cmp
btint84cmp
btint8cmp
btnamecmp
btnametextcmp
btoidcmp
btoidvectorcmp
btrecordcmp
btrecordimagecmp
bttext_pattern_cmp
bttextcmp
bttextnamecmp
bttidcmp
btvarstrequalimage
byteacmp
cash_cmp
cash_div_cash
cash_div_flt4
cash_div_flt8
cash_div_int2
cash_div_int4
cash_div_int8
cash_eq
cash_ge
cash_gt
cash_le
cash_lt
cash_mi
cash_mul_flt4
cash_mul_flt8
cash_mul_int2
cash_mul_int4
cash_mul_int8
cash_ne
cash_pl
cash_send
cash_words
cashlarger
cashsmaller
center
charsend
cideq
cidr_send
cidsend
circle
circle_above
circle_add_pt
circle_below
circle_center
circle_contain
circle_contain_pt
circle_contained
circle_distance
circle_div_pt
circle_eq
circle_ge
circle_gt
circle_le
circle_left
circle_lt
circle_mul_pt
circle_ne
circle_overabove
circle_overbelow
circle_overlap
circle_overleft
circle_overright
circle_right
circle_same
circle_send
circle_sub_pt
close_ls
close_lseg
close_pb
close_pl
close_ps
close_sb
convert
current_query
currtid2
cursor_to_xml
cursor_to_xmlschema
database_to_xml
database_to_xml_and_xmlschema
database_to_xmlschema
date_cmp
date_cmp_timestamp
date_cmp_timestamptz
datetimetz_pl
diagonal
diameter
dist_bp
dist_bs
dist_cpoint
dist_cpoly
dist_lp
dist_ls
dist_pathp
dist_pb
dist_pc
dist_pl
dist_polyc
dist_polyp
dist_ppath
dist_ppoly
dist_ps
dist_sb
dist_sl
dist_sp
enum_send
float4_accum
float4larger
float4smaller
float8_accum
float8_avg
float8_combine
float8_corr
float8_covar_pop
float8_covar_samp
float8_regr_accum
float8_regr_avgx
float8_regr_avgy
float8_regr_combine
float8_regr_intercept
float8_regr_r2
float8_regr_slope
float8_regr_sxx
float8_regr_sxy
float8_regr_syy
float8_stddev_pop
float8_stddev_samp
float8_var_pop
float8_var_samp
float8larger
float8smaller
flt4_mul_cash
flt8_mul_cash
fmgr_c_validator
fmgr_internal_validator
fmgr_sql_validator
get_current_ts_config
gin_clean_pending_list
gin_cmp_tslexeme
gin_compare_jsonb
gist_translate_cmptype_common
has_largeobject_privilege
hash_aclitem
hash_aclitem_extended
hash_record
hash_record_extended
hashcid
hashcidextended
hashenum
hashenumextended
hashtid
hashtidextended
hashxid
hashxid8
hashxid8extended
hashxidextended
height
icu_unicode_version
in_range
inet_send
inet_server_addr
inet_server_port
int2_avg_accum
int2_avg_accum_inv
int2_mul_cash
int2_sum
int2int4_sum
int2vectorsend
int4_avg_accum
int4_avg_accum_inv
int4_avg_combine
int4_mul_cash
int4_sum
int4inc
int8_avg
int8_mul_cash
int8_sum
int8dec
int8dec_any
int8inc
int8inc_any
int8inc_float8_float8
inter_lb
inter_sb
inter_sl
interval_cmp
interval_pl_timetz
intervaltypmodin
isclosed
ishorizontal
isopen
isparallel
isperp
isvertical
json_send
json_to_tsvector
jsonb_cmp
jsonb_populate_record_valid
jsonb_send
jsonb_to_tsvector
jsonpath_send
line
line_distance
line_eq
line_horizontal
line_interpt
line_intersect
line_parallel
line_perp
line_send
line_vertical
lo_close
lo_creat
lo_create
lo_export
lo_from_bytea
lo_get
lo_import
lo_lseek
lo_lseek64
lo_open
lo_put
lo_tell
lo_tell64
lo_truncate
lo_truncate64
lo_unlink
loread
lowrite
lseg
lseg_center
lseg_distance
lseg_eq
lseg_ge
lseg_gt
lseg_horizontal
lseg_interpt
lseg_intersect
lseg_le
lseg_length
lseg_lt
lseg_ne
lseg_parallel
lseg_perp
lseg_send
lseg_vertical
macaddr8_send
macaddr_send
makeaclitem
money
multirange_intersect_agg_transfn
multirange_send
mxid_age
namesend
npoints
numeric_cmp
numeric_larger
numeric_pl_pg_lsn
numeric_smaller
numerictypmodin
numnode
oidlarger
oidsmaller
oidvectoreq
oidvectorge
oidvectorgt
oidvectorle
oidvectorlt
oidvectorne
oidvectorsend
on_pb
on_pl
on_ppath
on_ps
on_sb
on_sl
path
path_add
path_add_pt
path_contain_pt
path_distance
path_div_pt
path_inter
path_length
path_mul_pt
path_n_eq
path_n_ge
path_n_gt
path_n_le
path_n_lt
path_npoints
path_send
path_sub_pt
pclose
pg_advisory_lock
pg_advisory_lock_shared
pg_advisory_unlock
pg_advisory_unlock_all
pg_advisory_unlock_shared
pg_advisory_xact_lock
pg_advisory_xact_lock_shared
pg_available_extension_versions
pg_available_extensions
pg_available_wal_summaries
pg_backup_start
pg_backup_stop
pg_cancel_backend
pg_clear_attribute_stats
pg_clear_relation_stats
pg_collation_actual_version
pg_collation_for
pg_column_compression
pg_column_is_updatable
pg_column_size
pg_column_toast_chunk_id
pg_conf_load_time
pg_config
pg_control_checkpoint
pg_control_init
pg_control_recovery
pg_control_system
pg_copy_logical_replication_slot
pg_copy_physical_replication_slot
pg_create_logical_replication_slot
pg_create_physical_replication_slot
pg_create_restore_point
pg_current_logfile
pg_current_snapshot
pg_current_wal_flush_lsn
pg_current_wal_insert_lsn
pg_current_wal_lsn
pg_current_xact_id
pg_current_xact_id_if_assigned
pg_cursor
pg_database_collation_actual_version
pg_ddl_command_send
pg_dependencies_send
pg_describe_object
pg_drop_replication_slot
pg_event_trigger_ddl_commands
pg_event_trigger_dropped_objects
pg_event_trigger_table_rewrite_oid
pg_event_trigger_table_rewrite_reason
pg_export_snapshot
pg_extension_config_dump
pg_extension_update_paths
pg_filenode_relation
pg_get_acl
pg_get_aios
pg_get_backend_memory_contexts
pg_get_catalog_foreign_keys
pg_get_expr
pg_get_keywords
pg_get_loaded_modules
pg_get_multixact_members
pg_get_object_address
pg_get_publication_tables
pg_get_replica_identity_index
pg_get_replication_slots
pg_get_sequence_data
pg_get_shmem_allocations
pg_get_shmem_allocations_numa
pg_get_statisticsobjdef_expressions
pg_get_wait_events
pg_get_wal_replay_pause_state
pg_get_wal_resource_managers
pg_get_wal_summarizer_state
pg_hba_file_rules
pg_ident_file_mappings
pg_identify_object
pg_identify_object_as_address
pg_import_system_collations
pg_indexam_progress_phasename
pg_isolation_test_session_is_blocked
pg_last_committed_xact
pg_last_wal_receive_lsn
pg_last_wal_replay_lsn
pg_listening_channels
pg_lock_status
pg_log_backend_memory_contexts
pg_log_standby_snapshot
pg_logical_emit_message
pg_logical_slot_get_binary_changes
pg_logical_slot_get_changes
pg_logical_slot_peek_binary_changes
pg_logical_slot_peek_changes
pg_ls_archive_statusdir
pg_ls_dir
pg_ls_logdir
pg_ls_logicalmapdir
pg_ls_logicalsnapdir
pg_ls_replslotdir
pg_ls_summariesdir
pg_ls_tmpdir
pg_ls_waldir
pg_lsn
pg_lsn_cmp
pg_lsn_eq
pg_lsn_ge
pg_lsn_gt
pg_lsn_hash
pg_lsn_hash_extended
pg_lsn_larger
pg_lsn_le
pg_lsn_lt
pg_lsn_mi
pg_lsn_mii
pg_lsn_ne
pg_lsn_pli
pg_lsn_send
pg_lsn_smaller
pg_mcv_list_items
pg_mcv_list_send
pg_ndistinct_send
pg_nextoid
pg_node_tree_send
pg_notification_queue_usage
pg_notify
pg_numa_available
pg_partition_root
pg_partition_tree
pg_prepared_statement
pg_prepared_xact
pg_promote
pg_read_binary_file
pg_read_file
pg_relation_filenode
pg_relation_filepath
pg_reload_conf
pg_replication_origin_advance
pg_replication_origin_create
pg_replication_origin_drop
pg_replication_origin_oid
pg_replication_origin_progress
pg_replication_origin_session_is_setup
pg_replication_origin_session_progress
pg_replication_origin_session_reset
pg_replication_origin_session_setup
pg_replication_origin_xact_reset
pg_replication_origin_xact_setup
pg_replication_slot_advance
pg_restore_attribute_stats
pg_restore_relation_stats
pg_rotate_logfile
pg_safe_snapshot_blocking_pids
pg_sequence_parameters
pg_settings_get_flags
pg_show_all_file_settings
pg_show_all_settings
pg_show_replication_origin_status
pg_sleep
pg_sleep_for
pg_sleep_until
pg_snapshot_send
pg_snapshot_xip
pg_snapshot_xmax
pg_snapshot_xmin
pg_split_walfile_name
pg_stat_clear_snapshot
pg_stat_file
pg_stat_force_next_flush
pg_stat_get_activity
pg_stat_get_archiver
pg_stat_get_backend_activity
pg_stat_get_backend_activity_start
pg_stat_get_backend_client_addr
pg_stat_get_backend_client_port
pg_stat_get_backend_dbid
pg_stat_get_backend_idset
pg_stat_get_backend_io
pg_stat_get_backend_pid
pg_stat_get_backend_start
pg_stat_get_backend_subxact
pg_stat_get_backend_userid
pg_stat_get_backend_wait_event
pg_stat_get_backend_wait_event_type
pg_stat_get_backend_wal
pg_stat_get_backend_xact_start
pg_stat_get_bgwriter_buf_written_clean
pg_stat_get_bgwriter_maxwritten_clean
pg_stat_get_bgwriter_stat_reset_time
pg_stat_get_buf_alloc
pg_stat_get_checkpointer_buffers_written
pg_stat_get_checkpointer_num_performed
pg_stat_get_checkpointer_num_requested
pg_stat_get_checkpointer_num_timed
pg_stat_get_checkpointer_restartpoints_performed
pg_stat_get_checkpointer_restartpoints_requested
pg_stat_get_checkpointer_restartpoints_timed
pg_stat_get_checkpointer_slru_written
pg_stat_get_checkpointer_stat_reset_time
pg_stat_get_checkpointer_sync_time
pg_stat_get_checkpointer_write_time
pg_stat_get_db_active_time
pg_stat_get_db_blk_read_time
pg_stat_get_db_blk_write_time
pg_stat_get_db_checksum_failures
pg_stat_get_db_checksum_last_failure
pg_stat_get_db_conflict_bufferpin
pg_stat_get_db_conflict_lock
pg_stat_get_db_conflict_logicalslot
pg_stat_get_db_conflict_snapshot
pg_stat_get_db_conflict_startup_deadlock
pg_stat_get_db_conflict_tablespace
pg_stat_get_db_idle_in_transaction_time
pg_stat_get_db_parallel_workers_launched
pg_stat_get_db_parallel_workers_to_launch
pg_stat_get_db_session_time
pg_stat_get_db_sessions
pg_stat_get_db_sessions_abandoned
pg_stat_get_db_sessions_fatal
pg_stat_get_db_sessions_killed
pg_stat_get_function_calls
pg_stat_get_function_self_time
pg_stat_get_function_total_time
pg_stat_get_io
pg_stat_get_progress_info
pg_stat_get_recovery_prefetch
pg_stat_get_replication_slot
pg_stat_get_slru
pg_stat_get_snapshot_timestamp
pg_stat_get_subscription
pg_stat_get_subscription_stats
pg_stat_get_total_analyze_time
pg_stat_get_total_autoanalyze_time
pg_stat_get_total_autovacuum_time
pg_stat_get_total_vacuum_time
pg_stat_get_wal
pg_stat_get_wal_receiver
pg_stat_get_wal_senders
pg_stat_get_xact_blocks_fetched
pg_stat_get_xact_blocks_hit
pg_stat_get_xact_function_calls
pg_stat_get_xact_function_self_time
pg_stat_get_xact_function_total_time
pg_stat_get_xact_numscans
pg_stat_get_xact_tuples_deleted
pg_stat_get_xact_tuples_fetched
pg_stat_get_xact_tuples_hot_updated
pg_stat_get_xact_tuples_inserted
pg_stat_get_xact_tuples_newpage_updated
pg_stat_get_xact_tuples_returned
pg_stat_get_xact_tuples_updated
pg_stat_have_stats
pg_stat_reset
pg_stat_reset_backend_stats
pg_stat_reset_replication_slot
pg_stat_reset_shared
pg_stat_reset_single_function_counters
pg_stat_reset_single_table_counters
pg_stat_reset_slru
pg_stat_reset_subscription_stats
pg_stop_making_pinned_objects
pg_switch_wal
pg_sync_replication_slots
pg_tablespace_databases
pg_terminate_backend
pg_timezone_abbrevs_abbrevs
pg_timezone_abbrevs_zone
pg_timezone_names
pg_try_advisory_lock
pg_try_advisory_lock_shared
pg_try_advisory_xact_lock
pg_try_advisory_xact_lock_shared
pg_visible_in_snapshot
pg_wal_lsn_diff
pg_wal_replay_pause
pg_wal_replay_resume
pg_wal_summary_contents
pg_walfile_name
pg_walfile_name_offset
pg_xact_commit_timestamp
pg_xact_commit_timestamp_origin
pg_xact_status
phraseto_tsquery
plainto_tsquery
plpgsql_call_handler
plpgsql_validator
point
point_above
point_add
point_below
point_distance
point_div
point_eq
point_horiz
point_left
point_mul
point_ne
point_right
point_send
point_sub
point_vert
poly_above
poly_below
poly_center
poly_contain
poly_contain_pt
poly_contained
poly_distance
poly_left
poly_npoints
poly_overabove
poly_overbelow
poly_overlap
poly_overleft
poly_overright
poly_right
poly_same
poly_send
polygon
popen
postgresql_fdw_validator
pt_contained_circle
pt_contained_poly
query_to_xml
query_to_xml_and_xmlschema
query_to_xmlschema
querytree
radius
range_intersect_agg_transfn
range_send
record_eq
record_ge
record_gt
record_image_eq
record_image_ge
record_image_gt
record_image_le
record_image_lt
record_image_ne
record_larger
record_le
record_lt
record_ne
record_send
record_smaller
regclass
regclasssend
regcollationsend
regconfigsend
regdictionarysend
regnamespacesend
regoperatorsend
regopersend
regproceduresend
regprocsend
regrolesend
regtypesend
satisfies_hash_partition
schema_to_xml
schema_to_xml_and_xmlschema
schema_to_xmlschema
set_config
setseed
setweight
similar_escape
slope
spg_poly_quad_compress
strip
table_to_xml
table_to_xml_and_xmlschema
table_to_xmlschema
tideq
tidge
tidgt
tidlarger
tidle
tidlt
tidne
tidsend
tidsmaller
time_cmp
timestamp_cmp
timestamp_cmp_date
timestamp_cmp_timestamptz
timestamptypmodin
timestamptz_cmp
timestamptz_cmp_date
timestamptz_cmp_timestamp
timestamptztypmodin
timetypmodin
timetz
timetz_cmp
timetz_eq
timetz_ge
timetz_gt
timetz_hash
timetz_hash_extended
timetz_larger
timetz_le
timetz_lt
timetz_mi_interval
timetz_ne
timetz_pl_interval
timetz_send
timetz_smaller
timetzdate_pl
timetztypmodin
to_ascii
to_tsquery
to_tsvector
ts_debug
ts_delete
ts_filter
ts_headline
ts_lexize
ts_match_qv
ts_match_tq
ts_match_tt
ts_match_vq
ts_parse
ts_rank
ts_rank_cd
ts_rewrite
ts_stat
ts_token_type
tsq_mcontained
tsq_mcontains
tsquery_and
tsquery_cmp
tsquery_eq
tsquery_ge
tsquery_gt
tsquery_le
tsquery_lt
tsquery_ne
tsquery_not
tsquery_or
tsquery_phrase
tsquerysend
tsvector_cmp
tsvector_concat
tsvector_eq
tsvector_ge
tsvector_gt
tsvector_le
tsvector_lt
tsvector_ne
tsvector_to_array
tsvectorsend
txid_current_if_assigned
txid_current_snapshot
txid_snapshot_send
txid_snapshot_xip
txid_snapshot_xmax
txid_snapshot_xmin
txid_status
txid_visible_in_snapshot
unknownsend
uuid_cmp
varbit_send
varbittypmodin
varchartypmodin
void_send
websearch_to_tsquery
width
xid
xid8_larger
xid8_smaller
xid8cmp
xid8eq
xid8ge
xid8gt
xid8le
xid8lt
xid8ne
xid8send
xideq
xideqint4
xidneq
xidneqint4
xidsend
xml
xml_is_well_formed
xml_is_well_formed_content
xml_is_well_formed_document
xml_send
xmlagg
xmlcomment
xmlconcat2
xmlexists
xmltext
xmlvalidate
xpath
xpath_exists
`;
/** Its keywords: word, category, and whether it can be a label without AS. */
export const postgresKeywords = `
abort U 1
absent U 1
absolute U 1
access U 1
action U 1
add U 1
admin U 1
after U 1
aggregate U 1
all R 1
also U 1
alter U 1
always U 1
analyse R 1
analyze R 1
and R 1
any R 1
array R 0
as R 0
asc R 1
asensitive U 1
assertion U 1
assignment U 1
asymmetric R 1
at U 1
atomic U 1
attach U 1
attribute U 1
authorization T 1
backward U 1
before U 1
begin U 1
between C 1
bigint C 1
binary T 1
bit C 1
boolean C 1
both R 1
breadth U 1
by U 1
cache U 1
call U 1
called U 1
cascade U 1
cascaded U 1
case R 1
cast R 1
catalog U 1
chain U 1
char C 0
character C 0
characteristics U 1
check R 1
checkpoint U 1
class U 1
close U 1
cluster U 1
coalesce C 1
collate R 1
collation T 1
column R 1
columns U 1
comment U 1
comments U 1
commit U 1
committed U 1
compression U 1
concurrently T 1
conditional U 1
configuration U 1
conflict U 1
connection U 1
constraint R 1
constraints U 1
content U 1
continue U 1
conversion U 1
copy U 1
cost U 1
create R 0
cross T 1
csv U 1
cube U 1
current U 1
current_catalog R 1
current_date R 1
current_role R 1
current_schema T 1
current_time R 1
current_timestamp R 1
current_user R 1
cursor U 1
cycle U 1
data U 1
database U 1
day U 0
deallocate U 1
dec C 1
decimal C 1
declare U 1
default R 1
defaults U 1
deferrable R 1
deferred U 1
definer U 1
delete U 1
delimiter U 1
delimiters U 1
depends U 1
depth U 1
desc R 1
detach U 1
dictionary U 1
disable U 1
discard U 1
distinct R 1
do R 1
document U 1
domain U 1
double U 1
drop U 1
each U 1
else R 1
empty U 1
enable U 1
encoding U 1
encrypted U 1
end R 1
enforced U 1
enum U 1
error U 1
escape U 1
event U 1
except R 0
exclude U 1
excluding U 1
exclusive U 1
execute U 1
exists C 1
explain U 1
expression U 1
extension U 1
external U 1
extract C 1
false R 1
family U 1
fetch R 0
filter U 0
finalize U 1
first U 1
float C 1
following U 1
for R 0
force U 1
foreign R 1
format U 1
forward U 1
freeze T 1
from R 0
full T 1
function U 1
functions U 1
generated U 1
global U 1
grant R 0
granted U 1
greatest C 1
group R 0
grouping C 1
groups U 1
handler U 1
having R 0
header U 1
hold U 1
hour U 0
identity U 1
if U 1
ilike T 1
immediate U 1
immutable U 1
implicit U 1
import U 1
in R 1
include U 1
including U 1
increment U 1
indent U 1
index U 1
indexes U 1
inherit U 1
inherits U 1
initially R 1
inline U 1
inner T 1
inout C 1
input U 1
insensitive U 1
insert U 1
instead U 1
int C 1
integer C 1
intersect R 0
interval C 1
into R 0
invoker U 1
is T 1
isnull T 0
isolation U 1
join T 1
json C 1
json_array C 1
json_arrayagg C 1
json_exists C 1
json_object C 1
json_objectagg C 1
json_query C 1
json_scalar C 1
json_serialize C 1
json_table C 1
json_value C 1
keep U 1
key U 1
keys U 1
label U 1
language U 1
large U 1
last U 1
lateral R 1
leading R 1
leakproof U 1
least C 1
left T 1
level U 1
like T 1
limit R 0
listen U 1
load U 1
local U 1
localtime R 1
localtimestamp R 1
location U 1
lock U 1
locked U 1
logged U 1
mapping U 1
match U 1
matched U 1
materialized U 1
maxvalue U 1
merge U 1
merge_action C 1
method U 1
minute U 0
minvalue U 1
mode U 1
month U 0
move U 1
name U 1
names U 1
national C 1
natural T 1
nchar C 1
nested U 1
new U 1
next U 1
nfc U 1
nfd U 1
nfkc U 1
nfkd U 1
no U 1
none C 1
normalize C 1
normalized U 1
not R 1
nothing U 1
notify U 1
notnull T 0
nowait U 1
null R 1
nullif C 1
nulls U 1
numeric C 1
object U 1
objects U 1
of U 1
off U 1
offset R 0
oids U 1
old U 1
omit U 1
on R 0
only R 1
operator U 1
option U 1
options U 1
or R 1
order R 0
ordinality U 1
others U 1
out C 1
outer T 1
over U 0
overlaps T 0
overlay C 1
overriding U 1
owned U 1
owner U 1
parallel U 1
parameter U 1
parser U 1
partial U 1
partition U 1
passing U 1
password U 1
path U 1
period U 1
placing R 1
plan U 1
plans U 1
policy U 1
position C 1
preceding U 1
precision C 0
prepare U 1
prepared U 1
preserve U 1
primary R 1
prior U 1
privileges U 1
procedural U 1
procedure U 1
procedures U 1
program U 1
publication U 1
quote U 1
quotes U 1
range U 1
read U 1
real C 1
reassign U 1
recursive U 1
ref U 1
references R 1
referencing U 1
refresh U 1
reindex U 1
relative U 1
release U 1
rename U 1
repeatable U 1
replace U 1
replica U 1
reset U 1
restart U 1
restrict U 1
return U 1
returning R 0
returns U 1
revoke U 1
right T 1
role U 1
rollback U 1
rollup U 1
routine U 1
routines U 1
row C 1
rows U 1
rule U 1
savepoint U 1
scalar U 1
schema U 1
schemas U 1
scroll U 1
search U 1
second U 0
security U 1
select R 1
sequence U 1
sequences U 1
serializable U 1
server U 1
session U 1
session_user R 1
set U 1
setof C 1
sets U 1
share U 1
show U 1
similar T 1
simple U 1
skip U 1
smallint C 1
snapshot U 1
some R 1
source U 1
sql U 1
stable U 1
standalone U 1
start U 1
statement U 1
statistics U 1
stdin U 1
stdout U 1
storage U 1
stored U 1
strict U 1
string U 1
strip U 1
subscription U 1
substring C 1
support U 1
symmetric R 1
sysid U 1
system U 1
system_user R 1
table R 1
tables U 1
tablesample T 1
tablespace U 1
target U 1
temp U 1
template U 1
temporary U 1
text U 1
then R 1
ties U 1
time C 1
timestamp C 1
to R 0
trailing R 1
transaction U 1
transform U 1
treat C 1
trigger U 1
trim C 1
true R 1
truncate U 1
trusted U 1
type U 1
types U 1
uescape U 1
unbounded U 1
uncommitted U 1
unconditional U 1
unencrypted U 1
union R 0
unique R 1
unknown U 1
unlisten U 1
unlogged U 1
until U 1
update U 1
user R 1
using R 1
vacuum U 1
valid U 1
validate U 1
validator U 1
value U 1
values C 1
varchar C 1
variadic R 1
varying U 0
verbose T 1
version U 1
view U 1
views U 1
virtual U 1
volatile U 1
when R 1
where R 0
whitespace U 1
window R 0
with R 0
within U 0
without U 0
work U 1
wrapper U 1
write U 1
xml U 1
xmlattributes C 1
xmlconcat C 1
xmlelement C 1
xmlexists C 1
xmlforest C 1
xmlnamespaces C 1
xmlparse C 1
xmlpi C 1
xmlroot C 1
xmlserialize C 1
xmltable C 1
year U 0
yes U 1
zone U 1
`;
