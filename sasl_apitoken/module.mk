# SPDX-License-Identifier: GPL-3.0-or-later
# libapitoken.so for Cyrus SASL: its sources; the map and the export list stand
# beside them.  The file's name is the plug-in's: libsasl takes "lib" and what
# follows the dot off.
sasl_apitoken_SRCS := \
	sasl_apitoken/bearer.c \
	sasl_apitoken/client.c \
	sasl_apitoken/log.c \
	sasl_apitoken/login.c \
	sasl_apitoken/options.c \
	sasl_apitoken/plugin.c \
	sasl_apitoken/scram.c \
	sasl_apitoken/server.c \
	sasl_apitoken/state.c \
	sasl_apitoken/verdict.c
sasl_apitoken_MAP := sasl_apitoken/libapitoken.map
sasl_apitoken_EXPORTS := sasl_apitoken/libapitoken.exports
