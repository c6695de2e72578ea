"""
The engine writes SeaweedFS's messages by hand: the numbers and kinds of the fields that it uses, as the servers
themselves describe them (smq-source.md 1 and 7).
"""

import pytest
from weed import Weed

FILER = {
    "LookupDirectoryEntryRequest": "directory=1 name=2",
    "LookupDirectoryEntryResponse": "entry=1",
    "LookupDirectoryEntriesRequest": "requests=1",
    "LookupDirectoryEntriesResponse": "results=1",
    "ListEntriesRequest": "directory=1 prefix=2 startFromFileName=3 inclusiveStartFrom=4 limit=5 omit_chunks=7",
    "ListEntriesResponse": "entry=1",
    "CreateEntryRequest": "directory=1 entry=2 o_excl=3 condition=7",
    "CreateEntryResponse": "error=1 error_code=3",
    "DeleteEntryRequest": "directory=1 name=2 is_delete_data=4 is_recursive=5 ignore_recursive_error=6",
    "DeleteEntryResponse": "error=1",
    "ObjectTransactionRequest": "lock_key=1 condition=2 mutations=3 condition_key=6 route_key=7",
    "ObjectTransactionResponse": "error=1 error_code=2",
    "ObjectMutation": "type=1 directory=2 name=3 entry=4 is_delete_data=7 is_recursive=8",
    "WriteCondition": "clauses=1",
    "WriteCondition.Clause": "kind=1 etags=2 expected_entry=10",
    "Entry": "name=1 is_directory=2 chunks=3 attributes=4 extended=5 content=9",
    "FuseAttributes": "file_size=1 mtime=2 file_mode=3 uid=4 gid=5 crtime=6 mime=7 ttl_sec=10 md5=14",
    "FileChunk": "file_id=1 offset=2 size=3 modified_ts_ns=4 e_tag=5 fid=7 cipher_key=9 is_compressed=10 "
    "is_chunk_manifest=11",
    "FileId": "volume_id=1 file_key=2 cookie=3",
    "AssignVolumeRequest": "count=1 collection=2 replication=3 ttl_sec=4 data_center=5 path=6",
    "AssignVolumeResponse": "file_id=1 count=4 auth=5 collection=6 replication=7 error=8 location=9",
    "Location": "url=1 public_url=2 grpc_port=3",
    "Locations": "locations=1",
    "LookupVolumeRequest": "volume_ids=1",
    "LookupVolumeResponse": "locations_map=1",
    "FilerConf": "locations=2",
    "FilerConf.PathConf": "location_prefix=1 ttl=4",
    "LogEntry": "ts_ns=1 partition_key_hash=2 data=3 key=4 offset=5",
    "LockRequest": "name=1 seconds_to_lock=2 renew_token=3 owner=5",
    "LockResponse": "renew_token=1 lock_owner=2 error=4 generation=5",
}
MASTER = {
    "GetMasterConfigurationResponse": "leader=5",
    "ListClusterNodesRequest": "client_type=1 filer_group=2 limit=4",
    "ListClusterNodesResponse": "cluster_nodes=1",
    "ListClusterNodesResponse.ClusterNode": "address=1 version=2",
}
KINDS = {
    "FuseAttributes": {
        "file_size": "UINT64",
        "mtime": "INT64",
        "file_mode": "UINT32",
        "crtime": "INT64",
        "md5": "BYTES",
    },
    "FileChunk": {"offset": "INT64", "size": "UINT64", "modified_ts_ns": "INT64", "file_id": "STRING"},
    "FileId": {"volume_id": "UINT32", "file_key": "UINT64", "cookie": "FIXED32"},
    "LogEntry": {"ts_ns": "INT64", "partition_key_hash": "INT32", "data": "BYTES", "key": "BYTES", "offset": "INT64"},
    "WriteCondition.Clause": {"kind": "ENUM", "etags": "STRING", "expected_entry": "MESSAGE"},
    "ListEntriesRequest": {"limit": "UINT32", "inclusiveStartFrom": "BOOL"},
    "CreateEntryResponse": {"error": "STRING", "error_code": "ENUM"},
    "ObjectTransactionResponse": {"error": "STRING", "error_code": "ENUM"},
    "AssignVolumeRequest": {"count": "INT32", "replication": "STRING"},
}
ENUMS = {
    "WriteCondition.Kind": "IF_NOT_EXISTS=1 IF_EXISTS=2 IF_ETAG_MATCH=3 IF_EXTENDED_NOT_EQUAL=7 IF_ENTRY_EQUAL=10",
    "ObjectMutation.Type": "PUT=0 DELETE=1 PATCH_EXTENDED=2",
    "FilerError": "OK=0 ENTRY_NAME_TOO_LONG=1 PARENT_IS_FILE=2 EXISTING_IS_DIRECTORY=3 EXISTING_IS_FILE=4 "
    "ENTRY_ALREADY_EXISTS=5 PRECONDITION_FAILED=6",
}


def pairs(text: str) -> dict[str, int]:
    return {name: int(number) for name, number in (pair.split("=") for pair in text.split())}


def fields_of(service, message: str) -> dict[str, int]:
    return {f.name: f.number for f in service.descriptor(message).fields}


@pytest.mark.parametrize("message", FILER)
def test_fields_of_the_filer(weed: Weed, message):
    found = fields_of(weed.filer, message)
    for name, number in pairs(FILER[message]).items():
        assert found.get(name) == number, f"filer_pb.{message}.{name} is field {found.get(name)} now, not {number}"


@pytest.mark.parametrize("message", MASTER)
def test_fields_of_the_master(weed: Weed, message):
    found = fields_of(weed.master, message)
    for name, number in pairs(MASTER[message]).items():
        assert found.get(name) == number, f"master_pb.{message}.{name} is field {found.get(name)} now, not {number}"


@pytest.mark.parametrize("message", KINDS)
def test_kinds_of_fields(weed: Weed, message):
    by_name = weed.filer.descriptor(message).fields_by_name
    for name, kind in KINDS[message].items():
        wanted = getattr(by_name[name], f"TYPE_{kind}")
        assert by_name[name].type == wanted, f"filer_pb.{message}.{name} is no {kind} any more"


@pytest.mark.parametrize("enum", ENUMS)
def test_enums(weed: Weed, enum):
    found = {v.name: v.number for v in weed.filer.pool.FindEnumTypeByName(f"filer_pb.{enum}").values}
    for name, number in pairs(ENUMS[enum]).items():
        assert found.get(name) == number, f"filer_pb.{enum}.{name} is {found.get(name)} now, not {number}"


def test_the_version_is_the_measured_one(weed: Weed):
    """A newer weed passes when everything else here does; then change smq.md's version and this line together."""
    assert weed.filer.call("GetFilerConfiguration").version.startswith("8000GB 4.48"), "another release than 4.48"
