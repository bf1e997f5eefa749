// The operations as types: what goes into a request payload and what comes out of a response payload.
//
// Version shapes are hidden here: 1.x names attributes by text in a Template-Attribute, 2.x has an
// Attributes structure with a tag each. Every request that means an object names its Unique Identifier;
// the ID Placeholder is never relied on (PyKMIP keeps one for all connections together). The order of fields
// is the specification's, for servers read by it.
#pragma once

#include "kmip/attributes.h"
#include "kmip/cryptography.h"
#include "kmip/discovery.h"
#include "kmip/objects.h"
