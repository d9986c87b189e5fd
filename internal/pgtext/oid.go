package pgtext

// Object ids of built-in types (pg_type.dat).
const (
	oidBool        = 16
	oidBytea       = 17
	oidChar        = 18
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt2Vector  = 22
	oidInt4        = 23
	oidRegproc     = 24
	oidText        = 25
	oidOID         = 26
	oidTID         = 27
	oidXID         = 28
	oidCID         = 29
	oidOIDVector   = 30
	oidJSON        = 114
	oidXML         = 142
	oidPoint       = 600
	oidLseg        = 601
	oidPath        = 602
	oidBox         = 603
	oidPolygon     = 604
	oidLine        = 628
	oidCIDR        = 650
	oidFloat4      = 700
	oidFloat8      = 701
	oidUnknown     = 705
	oidCircle      = 718
	oidMacaddr8    = 774
	oidMoney       = 790
	oidMacaddr     = 829
	oidInet        = 869
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidTimestamp   = 1114
	oidTimestamptz = 1184
	oidInterval    = 1186
	oidTimetz      = 1266
	oidBit         = 1560
	oidVarbit      = 1562
	oidNumeric     = 1700
	oidRefcursor   = 1790
	oidRegproced   = 2202
	oidRegoper     = 2203
	oidRegoperator = 2204
	oidRegclass    = 2205
	oidRegtype     = 2206
	oidRecord      = 2249
	oidCstring     = 2275
	oidVoid        = 2278
	oidUUID        = 2950
	oidTxidSnap    = 2970
	oidLSN         = 3220
	oidTSVector    = 3614
	oidTSQuery     = 3615
	oidRegconfig   = 3734
	oidRegdict     = 3769
	oidJSONB       = 3802
	oidInt4Range   = 3904
	oidNumRange    = 3906
	oidTSRange     = 3908
	oidTSTZRange   = 3910
	oidDateRange   = 3912
	oidInt8Range   = 3926
	oidJSONPath    = 4072
	oidRegnsp      = 4089
	oidRegrole     = 4096
	oidRegcoll     = 4191
	oidInt4Multi   = 4451
	oidNumMulti    = 4532
	oidTSMulti     = 4533
	oidTSTZMulti   = 4534
	oidDateMulti   = 4535
	oidInt8Multi   = 4536
	oidSnapshot    = 5038
	oidXID8        = 5069
)

// arrayElement returns the element type of an array type, 0 if oid is none.
func arrayElement(oid uint32) uint32 {
	switch oid {
	case 143:
		return oidXML
	case 199:
		return oidJSON
	case 271:
		return oidXID8
	case 629:
		return oidLine
	case 651:
		return oidCIDR
	case 719:
		return oidCircle
	case 775:
		return oidMacaddr8
	case 791:
		return oidMoney
	case 1000, 1001, 1002, 1003:
		return oid - 1000 + oidBool
	case 1005, 1006, 1007, 1008, 1009:
		return oid - 1005 + oidInt2
	case 1010, 1011, 1012, 1013:
		return oid - 1010 + oidTID
	case 1014, 1015:
		return oid - 1014 + oidBpchar
	case 1016:
		return oidInt8
	case 1017, 1018, 1019, 1020:
		return oid - 1017 + oidPoint
	case 1021, 1022:
		return oid - 1021 + oidFloat4
	case 1027:
		return oidPolygon
	case 1028:
		return oidOID
	case 1040:
		return oidMacaddr
	case 1041:
		return oidInet
	case 1115:
		return oidTimestamp
	case 1182, 1183:
		return oid - 1182 + oidDate
	case 1185:
		return oidTimestamptz
	case 1187:
		return oidInterval
	case 1231:
		return oidNumeric
	case 1263:
		return oidCstring
	case 1270:
		return oidTimetz
	case 1561, 1563:
		return oid - 1
	default:
		return laterArrayElement(oid)
	}
}

func laterArrayElement(oid uint32) uint32 {
	switch oid {
	case 2201:
		return oidRefcursor
	case 2207, 2208, 2209, 2210, 2211:
		return oid - 2207 + oidRegproced
	case 2287:
		return oidRecord
	case 2949:
		return oidTxidSnap
	case 2951, 3221, 3905, 3907, 3909, 3911, 3913, 3927, 3735, 3770, 4073, 5039, 4192:
		return oid - 1
	case 3643:
		return oidTSVector
	case 3645:
		return oidTSQuery
	case 3807:
		return oidJSONB
	case 4090, 4097:
		return oid - 1
	case 6150:
		return oidInt4Multi
	case 6151, 6152, 6153:
		return oid - 6151 + oidNumMulti
	case 6155:
		return oidDateMulti
	case 6157:
		return oidInt8Multi
	}
	return 0
}

// rangeElement returns the subtype of a range type, 0 if oid is none.
func rangeElement(oid uint32) uint32 {
	switch oid {
	case oidInt4Range:
		return oidInt4
	case oidInt8Range:
		return oidInt8
	case oidNumRange:
		return oidNumeric
	case oidTSRange:
		return oidTimestamp
	case oidTSTZRange:
		return oidTimestamptz
	case oidDateRange:
		return oidDate
	}
	return 0
}

// multirangeElement returns the subtype of a multirange type, 0 if oid is none.
func multirangeElement(oid uint32) uint32 {
	switch oid {
	case oidInt4Multi:
		return oidInt4
	case oidInt8Multi:
		return oidInt8
	case oidNumMulti:
		return oidNumeric
	case oidTSMulti:
		return oidTimestamp
	case oidTSTZMulti:
		return oidTimestamptz
	case oidDateMulti:
		return oidDate
	}
	return 0
}
