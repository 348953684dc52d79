package scapi

import (
	"testing"

	"github.com/securitycenter-exporter/securitycenter_exporter/internal/testmain"
)

func TestMain(m *testing.M) { testmain.Run(m) }
