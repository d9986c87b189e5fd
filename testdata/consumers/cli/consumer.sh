#!/bin/sh
# A consumer of AWS's command line and das-local decrypt: consumer.sh STREAM DAS-LOCAL
#
# It prints the activity events of all shards from their beginning, and goes on with a
# shard's children where the shard ends. AWS_ENDPOINT_URL and AWS_REGION say where.
set -eu
stream=$1 das_local=$2

known= next= # shards that have been begun; where their reading goes on
begin() {    # begin SHARD
	case " $known " in *" $1 "*) return ;; esac # a merged one has two parents
	known="$known $1"
	next="$next $(aws kinesis get-shard-iterator --stream-name "$stream" --shard-id "$1" \
		--shard-iterator-type TRIM_HORIZON --query ShardIterator --output text)"
}

# One line: what to read next, the children, the data of the records.
answer='[NextShardIterator || `-`, join(`,`, ChildShards[].ShardId || `[]`), join(`,`, Records[].Data)]'
tab=$(printf '\t')

poll() {
	for shard in $(aws kinesis list-shards --stream-name "$stream" --shard-filter Type=AT_TRIM_HORIZON \
		--query 'Shards[].ShardId' --output text); do
		begin "$shard"
	done
	while [ -n "$next" ]; do
		round=$next next=
		for iterator in $round; do
			line=$(aws kinesis get-records --shard-iterator "$iterator" --query "$answer" --output text)
			iterator=${line%%"$tab"*} line=${line#*"$tab"}
			[ "$iterator" = - ] || next="$next $iterator"
			for shard in $(printf %s "${line%%"$tab"*}" | tr , ' '); do
				begin "$shard"
			done
			printf '%s\n' "${line#*"$tab"}" | tr , '\n'
		done
		sleep 1 # five reads a second of each shard are allowed
	done
}

poll | "$das_local" decrypt --cluster-resource-id "${stream#aws-rds-das-}"
